//! Connect mode: reach one peer, then talk.

use super::{Event, Manners, Mode, Net, say_connected, talk::Talk};

/// Policy of `ncat host port`.
#[derive(Debug)]
pub struct Connect {
    manners: Manners,
    talk: Option<Talk>,
}

impl Connect {
    /// Will talk with these manners.
    pub fn new(manners: Manners) -> Self {
        Self {
            manners,
            talk: None,
        }
    }
}

impl Mode for Connect {
    fn on_event(&mut self, event: Event, net: &mut dyn Net) {
        match (event, &mut self.talk) {
            (Event::Start, _) => net.dial(0),
            (Event::Open { conn, .. }, None) => {
                say_connected(conn, net);
                self.talk = Some(Talk::begin(self.manners.clone(), conn, net));
            }
            (Event::Fail { why, .. }, _) => why.end(net),
            (event, Some(talk)) => talk.on_event(event, net),
            (_, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::mode::script::{self, alarm, broken, end, manners, open, refused};
    use crate::mode::{Alarm, Doing, Ending, Quit};

    /// What is asked when those events are told, after the start; the closing words aside.
    fn asked(manners: Manners, events: Vec<Event>) -> Vec<String> {
        let mut lines = all_asked(manners, events);
        lines.retain(|line| line != SUMMARY);
        lines
    }

    const SUMMARY: &str = "say 0 bytes sent, 0 bytes received in 0.00 seconds.";

    fn all_asked(manners: Manners, events: Vec<Event>) -> Vec<String> {
        script::asked(Connect::new(manners), events)
    }

    const BEGUN: [&str; 3] = ["dial 0", "say Connected to peer 1.", "link 0 1 Pass Pass"];

    #[test]
    fn each_end_is_told_the_end_of_the_other_and_then_it_is_over() {
        let cases: [(&str, Vec<Event>, &[&str]); 6] = [
            (
                "stdin first",
                vec![open(0), end(0), end(1)],
                &["finish 1", "exit 0 Delivered"],
            ),
            (
                "peer first, stdin silent",
                vec![open(0), end(1), alarm(1, Alarm::Lull)],
                &["finish 0", "arm 1 Lull 500", "exit 0 Delivered"],
            ),
            (
                "peer first, stdin ends",
                vec![open(0), end(1), end(0)],
                &["finish 0", "arm 1 Lull 500", "finish 1", "exit 0 Delivered"],
            ),
            (
                "reset while reading",
                vec![open(0), broken(1, Doing::Reading)],
                &["say Broken pipe.", "exit 1 Delivered"],
            ),
            (
                "what arrived is taken after a write failed",
                vec![open(0), broken(1, Doing::Writing), end(1)],
                &["say Broken pipe.", "exit 1 Delivered"],
            ),
            (
                "stdout breaks",
                vec![open(0), broken(0, Doing::Writing)],
                &[
                    "say write: Broken pipe (standard output).",
                    "exit 2 Delivered",
                ],
            ),
        ];
        for (name, events, wanted) in cases {
            let all: Vec<&str> = BEGUN.iter().chain(wanted).copied().collect();
            assert_eq!(asked(manners(), events), all, "{name}");
        }
    }

    fn whole(manners: Manners) -> Manners {
        Manners {
            ending: Ending::Whole,
            ..manners
        }
    }

    #[test]
    fn flags_bend_the_rule_of_the_end() {
        let cases: [(&str, Manners, Vec<Event>, &[&str]); 12] = [
            (
                "one end for both directions is told, and waited for",
                whole(manners()),
                vec![end(0), end(1)],
                &["finish 1", "exit 0 Delivered"],
            ),
            (
                "the peer's end is ours where there is one for both directions",
                whole(manners()),
                vec![end(1)],
                &["exit 0 Delivered"],
            ),
            (
                "one end for both directions that is not to be told ends us at once",
                Manners {
                    no_shutdown: true,
                    ..whole(manners())
                },
                vec![end(0)],
                &["exit 0 Delivered"],
            ),
            (
                "one end for both directions and -q -1",
                Manners {
                    quit: Quit::Never,
                    ..whole(manners())
                },
                vec![end(0), end(1)],
                &["exit 0 Delivered"],
            ),
            (
                "--no-shutdown",
                Manners {
                    no_shutdown: true,
                    ..manners()
                },
                vec![end(0), end(1)],
                &["exit 0 Delivered"],
            ),
            (
                "--half-close",
                Manners {
                    half_close: true,
                    ..manners()
                },
                vec![end(1), end(0)],
                &["finish 0", "finish 1", "exit 0 Delivered"],
            ),
            (
                "a file is sent to its end",
                Manners {
                    stdin_is_file: true,
                    ..manners()
                },
                vec![end(1), end(0)],
                &["finish 0", "finish 1", "exit 0 Delivered"],
            ),
            (
                "-q 2",
                Manners {
                    quit: Quit::After(Duration::from_secs(2)),
                    ..manners()
                },
                vec![end(0), alarm(1, Alarm::Quit)],
                &[
                    "finish 1",
                    "arm 1 Quit 2000",
                    "say Idle timeout expired (2000 ms).",
                    "exit 1 Now",
                ],
            ),
            (
                "datagrams end with stdin",
                Manners {
                    ending: Ending::Untold,
                    ..manners()
                },
                vec![end(0)],
                &["exit 0 Delivered"],
            ),
            (
                "datagrams and -q -1",
                Manners {
                    ending: Ending::Untold,
                    quit: Quit::Never,
                    ..manners()
                },
                vec![end(0)],
                &[],
            ),
            (
                "the last words are lost",
                Manners {
                    ending: Ending::Untold,
                    ..manners()
                },
                vec![end(0), broken(0, Doing::Writing), broken(1, Doing::Writing)],
                &[
                    "exit 0 Delivered",
                    "say write: Broken pipe (standard output).",
                    "exit 2 Delivered",
                ],
            ),
            (
                "nothing happens after leaving",
                manners(),
                vec![end(0), end(1), alarm(1, Alarm::Lull), end(1)],
                &["finish 1", "exit 0 Delivered"],
            ),
        ];
        for (name, manners, events, wanted) in cases {
            let events = [open(0)].into_iter().chain(events).collect();
            let all: Vec<&str> = BEGUN.iter().chain(wanted).copied().collect();
            assert_eq!(asked(manners, events), all, "{name}");
        }
    }

    #[test]
    fn what_is_lost_while_leaving_shows_in_the_status() {
        let events = vec![open(0), end(0), end(1), broken(1, Doing::Writing)];
        let wanted = ["exit 0 Delivered", "say Broken pipe.", "exit 1 Delivered"];
        assert_eq!(asked(manners(), events)[4..], wanted);
    }

    #[test]
    fn one_way_conversations_shut_or_discard_the_other_way() {
        let send = Manners {
            send_only: true,
            ..manners()
        };
        let wanted = ["link 0 1 Pass Discard", "finish 1", "exit 0 Delivered"];
        assert_eq!(asked(send, vec![open(0), end(0)])[2..], wanted);
        let recv = Manners {
            recv_only: true,
            ..manners()
        };
        let wanted = ["link 0 1 Shut Pass", "exit 0 Delivered"];
        assert_eq!(asked(recv, vec![open(0), end(1)])[2..], wanted);
    }

    #[test]
    fn the_bytes_are_counted_at_a_good_end_only() {
        let lines = |last| all_asked(manners(), vec![open(0), end(0), last]);
        assert_eq!(lines(end(1))[4..], [SUMMARY, "exit 0 Delivered"]);
        assert!(!lines(broken(1, Doing::Reading)).contains(&SUMMARY.to_string()));
    }

    #[test]
    fn a_peer_that_cannot_be_reached_ends_it() {
        assert_eq!(
            asked(manners(), vec![refused(0)]),
            ["dial 0", "say Connection refused.", "exit 1 Now"]
        );
    }
}
