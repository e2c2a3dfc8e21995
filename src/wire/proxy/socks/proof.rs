//! Whether a client of SOCKS knows a secret.

use crate::wire::proxy::Credentials;
use crate::wire::proxy::secret::is_same;

/// Whether `user` and `password` are those of `login`.
pub(super) fn is_login(login: &Credentials, user: &[u8], password: &[u8]) -> bool {
    is_same(user, &login.user) & is_same(password, &login.password) // both, whatever the first says
}

/// Whether `id` is how SOCKS4, which has no passwords, says who somebody is: a name, and behind a colon
/// the password if there is one. One that is empty may have been typed as such or left out.
pub(super) fn is_id(login: &Credentials, id: &[u8]) -> bool {
    let whole = [&login.user[..], b":", &login.password].concat();
    is_same(id, &whole) | (is_same(id, &login.user) & login.password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_login_proves_anything() {
        let login = |user: &str, password: &str| Credentials {
            user: user.into(),
            password: password.into(),
        };
        let (joe, bare) = (login("joe", "x:y"), login("joe", ""));
        let cases = [
            ("joe", "x:y", true, false),
            ("joe", "", false, true),
            ("joe", "x:", false, false),
            ("joe", "x:y\0", false, false),
            ("jo", "x:y", false, false),
            ("Joe", "x:y", false, false),
            ("", "", false, false),
        ];
        for (user, password, is_joe, is_bare) in cases {
            let who = format!("{user:?} with {password:?}");
            let (user, password) = (user.as_bytes(), password.as_bytes());
            assert_eq!(is_login(&joe, user, password), is_joe, "{who} as joe");
            assert_eq!(
                is_login(&bare, user, password),
                is_bare,
                "{who} as bare joe"
            );
        }
        let ids = [
            ("joe:x:y", true, false),
            ("joe", false, true),
            ("joe:", false, true),
            ("joe:x", false, false),
            ("", false, false),
        ];
        for (id, is_joe, is_bare) in ids {
            assert_eq!(is_id(&joe, id.as_bytes()), is_joe, "{id:?} as joe");
            assert_eq!(is_id(&bare, id.as_bytes()), is_bare, "{id:?} as bare joe");
        }
    }
}
