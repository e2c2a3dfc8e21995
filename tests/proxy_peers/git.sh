# One request of git's over HTTP, answered by the program that git has for it.
# Reads no byte more than the request has: that program reads the rest.
set -f
end=$(printf '\r')
line() { IFS= read -r line && line=${line%"$end"} && test -n "$line"; }

line || exit
IFS=' ' read -r REQUEST_METHOD target version <<WORDS
$line
WORDS
PATH_INFO=${target%%\?*}
QUERY_STRING=
test "$PATH_INFO" = "$target" || QUERY_STRING=${target#*\?}
body=cat
while line; do
    value=${line#*:}
    value=${value# }
    case $line in
        [Cc]ontent-[Tt]ype:*) export CONTENT_TYPE="$value" ;;
        [Cc]ontent-[Ll]ength:*) export CONTENT_LENGTH="$value" ;;
        [Cc]ontent-[Ee]ncoding:*) export HTTP_CONTENT_ENCODING="$value" ;;
        [Gg]it-[Pp]rotocol:*) export GIT_PROTOCOL="$value" ;;
        [Tt]ransfer-[Ee]ncoding:*) body=pieces ;;
    esac
done

# The body of a request whose length nobody knew.
pieces() {
    while line && test "$line" != 0; do
        head -c "$((0x$line))"
        line
    done
}

export REQUEST_METHOD PATH_INFO QUERY_STRING
export GIT_HTTP_EXPORT_ALL=1 REMOTE_USER=somebody
printf 'HTTP/1.1 200 OK\r\nConnection: close\r\n'
case $body in
    pieces) pieces | git http-backend ;;
    *) git http-backend ;;
esac
