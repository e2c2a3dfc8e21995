//! Programs that stand for others: servers of protocols, what a machine may not have installed, and whatever
//! else sits at the other end of a command.

/// Where each lies in a world, and its text.
pub(crate) const STAND_INS: &[(&str, &str)] = &[
    ("games/fortune", FORTUNE),
    ("bin/nc", NC),
    ("bin/web", WEB),
    ("bin/smtp", SMTP),
    ("bin/imap", IMAP),
    ("bin/nmap", NMAP),
    ("bin/ssh", SSH),
    ("bin/shells", SHELLS),
    ("bin/certificate", CERTIFICATE),
];

const FORTUNE: &str = "#!/bin/sh\necho Waste not, fret not.\n";

/// Our program by another name.
const NC: &str = "#!/bin/sh\nexec ncat \"$@\"\n";

/// A server of one page that insists on CR LF.
const WEB: &str = r#"#!/bin/bash
while IFS= read -r line; do
    case $line in
        $'\r') break ;;
        *$'\r') ;;
        *) printf 'HTTP/1.1 400 Bad Request\r\n\r\n'; exit ;;
    esac
done
printf 'HTTP/1.1 200 OK\r\nContent-Length: 26\r\nConnection: close\r\n\r\n<title>Go ahead!</title>\r\n'
"#;

/// Takes one mail, which it keeps.
const SMTP: &str = r#"#!/bin/bash
say() { printf '%s\r\n' "$1"; }
say '220 mail.example.com ESMTP'
while IFS= read -r line; do
    line=${line%$'\r'}
    case $line in
        HELO*) say "250 mail.example.com Hello ${line#HELO }" ;;
        MAIL*) say '250 OK' ;;
        RCPT*) say '250 Accepted' ;;
        DATA)
            say '354 Enter message, ending with "." on a line by itself'
            while IFS= read -r line && [ "$line" != $'.\r' ]; do printf '%s\n' "$line"; done > mail
            say '250 OK' ;;
        QUIT) say '221 mail.example.com closing connection'; exit ;;
        *) say '500 What?' ;;
    esac
done
"#;

const IMAP: &str = r#"#!/bin/bash
printf '* OK IMAP4rev1 ready\r\n'
while read -r tag command rest; do
    case ${command%$'\r'} in
        LOGOUT) printf '* BYE\r\n%s OK done\r\n' "$tag"; exit ;;
        *) printf '%s OK %s\r\n' "$tag" "${command%$'\r'}" ;;
    esac
done
"#;

/// Says a few of the things to a service that the scanner would say, or asks for the time.
const NMAP: &str = r#"#!/bin/sh
case "$*" in
    *daytime*)
        echo "13/tcp $(ncat --recv-only localhost 13)"
        echo "13/udp $(echo | ncat -u -q 5 127.0.0.1 13 2>&1 | head -n 1)" ;;
    *)
        printf '\r\n\r\n' | ncat --send-only localhost 5200
        printf 'GET / HTTP/1.0\r\n\r\n' | ncat --send-only localhost 5200
        printf '\200\0\0(r\376\035\023' | ncat --send-only localhost 5200 ;;
esac
"#;

/// The client, with what `shells` has made.
const SSH: &str = "#!/bin/sh\nexec /usr/bin/ssh -F $WORLD/ssh.conf \"$@\"\n";

/// A server of shells at its usual port, where we find our own programs, and a key for it. Root's home is
/// in the world: whatever a real one begins with would be cut short when the world ends.
const SHELLS: &str = r#"#!/bin/sh
sed "s,^root:.*,root:x:0:0::$WORLD/here:/bin/sh," /etc/passwd > $WORLD/passwd
mount --bind $WORLD/passwd /etc/passwd
for name in host me; do ssh-keygen -q -t ed25519 -N '' -f $WORLD/$name; done
cat > $WORLD/ssh.conf <<END
IdentityFile $WORLD/me
IdentitiesOnly yes
IdentityAgent none
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
GlobalKnownHostsFile /dev/null
LogLevel ERROR
User root
SetEnv WORLD=$WORLD
END
cat > $WORLD/sshd.conf <<END
HostKey $WORLD/host
AuthorizedKeysFile $WORLD/me.pub
PermitRootLogin yes
StrictModes no
UsePAM no
PidFile none
PrintMotd no
PrintLastLog no
ListenAddress 127.0.0.1
SetEnv PATH=$PATH WORLD=$WORLD
END
exec /usr/sbin/sshd -D -e -f $WORLD/sshd.conf
"#;

/// A certificate for that name, and its key.
const CERTIFICATE: &str = r#"#!/bin/sh
openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
    -addext "subjectAltName=DNS:$1" -keyout "$2-key.pem" -out "$2.pem" 2>&1
"#;
