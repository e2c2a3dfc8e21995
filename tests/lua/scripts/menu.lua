-- A menu for people who come by `ncat host port` or telnet.
--   ncat -lk -C 7023 --lua-exec tests/lua/scripts/menu.lua

local choices = {
  { "the time", function() print(os.date("%H:%M:%S")) end },
  { "your address", function() print(os.getenv("NCAT_REMOTE_ADDR")) end },
  { "the sum of two numbers", function()
    io.write("one number> ")
    local one = tonumber(io.read() or "")
    io.write("another> ")
    local other = tonumber(io.read() or "")
    print(one and other and one + other or "Those are no numbers.")
  end },
}

while true do
  for number, choice in ipairs(choices) do
    print(number .. ") " .. choice[1])
  end
  print("q) leave")
  io.write("> ") -- sent as soon as we wait for the answer
  local answer = io.read()
  if not answer or answer:match("^%s*q") then
    break
  end
  local choice = choices[tonumber(answer)]
  if choice then
    choice[2]()
  else
    print("There is no such choice.")
  end
end
print("Good-bye.")
