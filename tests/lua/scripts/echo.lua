-- Echo (RFC 862): every line comes back, and what stands behind the last one too.
--   ncat -lk 7007 --lua-exec tests/lua/scripts/echo.lua

for line in io.stdin:lines("L") do
  io.write(line)
  io.flush() -- over UDP, where nothing leaves by itself, this is the answer
end
