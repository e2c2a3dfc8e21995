//! Numbers, announcements, and how a chat is asked for.

use crate::common::meeting::whichever;
use crate::common::payload::same;
use crate::common::{By, Meeting, Told};
use crate::{chat, come_as};

#[test]
fn everybody_learns_who_comes_and_who_is_there_by_number() -> Told {
    whichever(&By::STREAMS, |by| chat(by, &[], 4).map(drop))?;
    whichever(&By::MESSAGES, |by| chat(by, &[], 4).map(drop))
}

#[test]
fn everybody_learns_who_has_gone_and_no_number_is_used_again() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = chat(by, &[], 3)?;
        meeting.go(1)?;
        meeting.minute(Some(1), b"<announce> <user2> is disconnected.\n");
        meeting.all_is_heard()?;
        come_as(&mut meeting, 4, &[1, 3])?;
        meeting.go(3)?;
        meeting.minute(Some(3), b"<announce> <user4> is disconnected.\n");
        meeting.all_is_heard()?;
        come_as(&mut meeting, 5, &[1, 3])?;
        meeting.say_as(Some(4), b"hello\n", b"<user5> hello\n")
    })
}

#[test]
fn who_breaks_off_is_announced_as_well() -> Told {
    let mut meeting = chat(By::Tcp, &[], 3)?;
    let name = meeting.name(2);
    meeting.scene.peers.remove(2).reset()?;
    meeting.minute(None, b"<announce> <user3> is disconnected.\n");
    meeting.all_is_heard()?;
    meeting.told(&format!(
        "Connection with {name} broke: Connection reset by peer."
    ))
}

#[test]
fn every_way_to_ask_for_a_chat_gives_one() -> Told {
    let ways: [&[&str]; 6] = [
        &["--chat"],
        &["--talk"],
        &["-l", "--chat"],
        &["-l", "--talk"],
        &["-l", "-k", "--chat"],
        &["--broker", "--chat"],
    ];
    for options in ways {
        let mut meeting = Meeting::of(By::Tcp, options, 0)?;
        come_as(&mut meeting, 1, &[])?;
        come_as(&mut meeting, 2, &[1])?;
        meeting.say_as(Some(1), b"hello\n", b"<user2> hello\n")?;
    }
    Ok(())
}

#[test]
fn who_types_at_the_server_is_user_0() -> Told {
    whichever(&By::STREAMS, |by| {
        let mut meeting = chat(by, &[], 2)?;
        meeting.say_as(None, b"hello\n", b"<user0> hello\n")?;
        meeting.say_as(Some(1), b"hello, server\n", b"<user2> hello, server\n")
    })
}

#[test]
fn who_is_one_too_many_is_not_announced_and_takes_no_number() -> Told {
    let mut meeting = chat(By::Tcp, &["-m", "2"], 2)?;
    meeting.knock_in_vain()?;
    meeting.say_as(Some(1), b"who was that?\n", b"<user2> who was that?\n")?;
    meeting.go(0)?;
    meeting.minute(Some(0), b"<announce> <user1> is disconnected.\n");
    meeting.all_is_heard()?;
    meeting.come()?;
    let name = meeting.name(3);
    meeting.told(&format!("Connection from {name} as <user3>."))
}

#[test]
fn a_newcomer_to_a_large_chat_is_told_of_a_hundred_and_of_how_many_more() -> Told {
    let mut meeting = Meeting::of(By::Tcp, &["--chat", "-m", "103"], 102)?;
    let name = |number: usize| format!("{} as <user{number}>", meeting.name(number - 1));
    let names: Vec<String> = (1..=100).map(name).collect();
    let present = format!(
        "<announce> already connected: {} and 2 more.\n",
        names.join(", ")
    );
    meeting.knock()?;
    let due = format!(
        "<announce> {} is connected as <user103>.\n{present}",
        meeting.name(102)
    );
    meeting.scene.until("everybody knows", |s| {
        s.peers
            .iter()
            .all(|peer| peer.rx.got.ends_with(due.as_bytes()))
    })?;
    same(
        "the newcomer",
        &meeting.scene.peers[102].rx.got,
        due.as_bytes(),
    )
}

#[test]
fn send_only_announces_and_lets_only_the_server_speak() -> Told {
    let mut meeting = chat(By::Tcp, &["--send-only"], 2)?;
    meeting.murmur(Some(0), b"nobody hears this\n");
    meeting.scene.peers[0].tx.finish();
    meeting
        .scene
        .until("it is let go", |s| s.peers[0].rx.ended())?;
    meeting.minute(Some(0), b"<announce> <user1> is disconnected.\n");
    meeting.say_as(None, b"hello\n", b"<user0> hello\n")
}

#[test]
fn recv_only_sends_nothing_to_anybody() -> Told {
    let mut meeting = Meeting::of(By::Tcp, &["--chat", "--recv-only"], 3)?;
    meeting.murmur(Some(0), b"hello\n");
    meeting.murmur(None, b"hello\n");
    meeting.go(0)?;
    meeting.go(1)?;
    meeting.all_is_heard()?;
    meeting.go(2)?;
    let got = |nth: usize| same("a member", &meeting.scene.peers[nth].rx.got, b"");
    (0..3).try_for_each(got)
}
