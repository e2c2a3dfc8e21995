-- Character generator (RFC 864): lines of 72 characters until the peer has had enough.
--   ncat -lk 7019 --lua-exec tests/lua/scripts/chargen.lua

local printable = {}
for code = 32, 126 do
  printable[#printable + 1] = string.char(code)
end
local ring = table.concat(printable) .. table.concat(printable)

io.stdout:setvbuf("full") -- nobody waits for a single line of this
local first = 0
while true do
  io.write(ring:sub(first + 1, first + 72), "\r\n")
  first = (first + 1) % #printable
end
