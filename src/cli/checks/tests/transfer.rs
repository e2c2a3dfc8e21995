//! Long transfers: what does not go together.

use super::mistake;

#[test]
fn what_is_of_no_use_to_a_transfer_is_refused() {
    let cases = [
        (
            "-z --progress two",
            "--progress, --rate-limit and --checksum are about what passes, and with -z nothing does.",
        ),
        (
            "--progress --log-format json two",
            "--progress is a picture for people, and --log-format json is for machines.",
        ),
        (
            "--size 1M two",
            "--size tells --progress how much is to pass, and is of no use without it.",
        ),
        (
            "-l --broker --checksum sha256",
            "--checksum is of one conversation: without --keep-open, --broker and --chat, or with a program.",
        ),
    ];
    for (line, wanted) in cases {
        let wanted = format!("Ncat: {wanted} QUITTING.");
        assert_eq!(mistake(line), wanted, "ncat {line}");
    }
}
