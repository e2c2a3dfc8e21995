-- A small HTTP server: files below a directory, for reading only.
--   HTTP_ROOT=public ncat -lk 8080 --lua-exec tests/lua/scripts/http.lua
--
-- A path is taken apart and put together again, so that none leads out of the directory. Links in
-- it are followed: whoever can put one there can put a copy there.

local ROOT = os.getenv("HTTP_ROOT") or "."
local LONGEST = 8192 -- bytes of one line of a request
local MOST = 100 -- lines of one request

local TYPES = {
  css = "text/css", gif = "image/gif", html = "text/html", jpg = "image/jpeg",
  js = "text/javascript", json = "application/json", png = "image/png",
  svg = "image/svg+xml", txt = "text/plain",
}

local REASONS = {
  [200] = "OK", [400] = "Bad Request", [404] = "Not Found", [405] = "Method Not Allowed",
  [431] = "Request Header Fields Too Large", [505] = "HTTP Version Not Supported",
}

io.stdout:setvbuf("full") -- an answer goes out in large pieces

local function head(status, length, kind)
  io.write("HTTP/1.1 ", status, " ", REASONS[status], "\r\n")
  io.write("Connection: close\r\nContent-Length: ", length, "\r\nContent-Type: ", kind, "\r\n")
  if status == 405 then
    io.write("Allow: GET, HEAD\r\n")
  end
  io.write("\r\n")
end

local function refuse(status)
  local text = status .. " " .. REASONS[status] .. "\n"
  head(status, #text, "text/plain")
  io.write(text)
  os.exit()
end

-- A line of the request without its end; nothing is kept of one that is too long.
local function line()
  local bytes = {}
  for byte in io.stdin:lines(1) do
    if byte == "\n" then
      return (table.concat(bytes):gsub("\r$", ""))
    end
    if #bytes == LONGEST then
      refuse(431)
    end
    bytes[#bytes + 1] = byte
  end
  os.exit() -- the peer has left in the middle of it
end

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- The file behind the path of a request, or nothing if it leads out of the directory.
local function file_of(path)
  local parts = {}
  for part in decoded(path:gsub("[?#].*", "")):gmatch("[^/]+") do
    if part == ".." or part:find("\0", 1, true) then
      return nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return ROOT .. "/" .. table.concat(parts, "/")
end

-- An open file and its size; a directory can be opened, but has no bytes to read.
local function open(name)
  local file = io.open(name, "rb")
  local is_file = file and (file:read(0) or file:seek("end") == 0)
  if not is_file then
    return nil
  end
  local size = file:seek("end")
  file:seek("set")
  return file, size
end

local method, path, version = line():match("^(%S+) (/%S*) (HTTP/%d%.%d)$")
if not method then
  refuse(400)
end
local lines = 0
while line() ~= "" do
  lines = lines + 1
  if lines == MOST then
    refuse(431)
  end
end
if not version:match("^HTTP/1") then
  refuse(505)
end
if method ~= "GET" and method ~= "HEAD" then
  refuse(405)
end

local name = file_of(path)
local file, size
if name then
  file, size = open(name)
end
if name and not file then
  name = name .. "/index.html"
  file, size = open(name)
end
if not file then
  refuse(404)
end

head(200, size, TYPES[name:match("%.(%w+)$")] or "application/octet-stream")
if method == "GET" then
  while size > 0 do
    local piece = file:read(math.min(size, 65536))
    if not piece then
      os.exit(1) -- it has become shorter; the peer sees that the rest is missing
    end
    io.write(piece)
    size = size - #piece
  end
end
