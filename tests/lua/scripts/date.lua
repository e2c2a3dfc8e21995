-- Daytime (RFC 867): says what time it is here, whatever the peer says.
--   ncat -lk 7013 --lua-exec tests/lua/scripts/date.lua

print(os.date("%A, %B %d, %Y %H:%M:%S"))
