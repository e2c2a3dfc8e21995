//! Ports that answer and ports that do not, and the lines that scripts read.

use crate::common::{Place, Told};
use crate::{normal, with_both};

/// A port that nobody listens on: tcpmux, which is not in use since decades.
const CLOSED: &str = "1";

#[test]
fn a_port_is_told_of_in_a_line_that_scripts_know() -> Told {
    with_both(|who| {
        let door = Place::any_port().open()?;
        let open = door.place.words().remove(1);
        let refused =
            format!("nc: connect to 127.0.0.1 port {CLOSED} (tcp) failed: Connection refused\n");
        let found = format!("Connection to 127.0.0.1 {open} port [tcp/*] succeeded!\n");
        let by_name =
            format!("Connection to localhost (127.0.0.1) {open} port [tcp/*] succeeded!\n");
        let cases: [(&[&str], i32, String); 8] = [
            (&["-z", "127.0.0.1", &open], 0, String::new()),
            (&["-z", "127.0.0.1", CLOSED], 1, String::new()),
            (&["127.0.0.1", CLOSED], 1, String::new()),
            (&["-zv", "127.0.0.1", &open], 0, found.clone()),
            (&["-zv4", "localhost", &open], 0, by_name),
            (&["-zv", "127.0.0.1", CLOSED], 1, refused.clone()),
            (&["-v", "127.0.0.1", CLOSED], 1, refused.clone()),
            (
                &["-zvn", "127.0.0.1", CLOSED, &open],
                0,
                format!("{refused}{found}"),
            ),
        ];
        for (args, status, wanted) in cases {
            let outcome = who.begin(args)?.ends_with(status)?;
            let said = normal(&outcome.stderr);
            assert_eq!(said, wanted, "{who:?} {args:?}");
        }
        Ok(())
    })
}

#[test]
fn a_range_is_tried_in_its_order() -> Told {
    with_both(|who| {
        let outcome = who.begin(&["-zvn", "127.0.0.1", "1-3"])?.ends_with(1)?;
        let wanted: String = (1..=3)
            .map(|port| {
                format!("nc: connect to 127.0.0.1 port {port} (tcp) failed: Connection refused\n")
            })
            .collect();
        assert_eq!(normal(&outcome.stderr), wanted, "{who:?}");
        Ok(())
    })
}
