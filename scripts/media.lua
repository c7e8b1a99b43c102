-- Keeps the images and files that it is sent, tells their sizes, and sends them back.
--
-- Try it:  go run . dev scripts/media.lua, and type file: and the path of a picture,
--          as in file:cat.png, then /list and /get 1.
-- Change:  where files are kept, and what is said of them. In runtime.toml the bot needs
--          [bot.allow] files = ["data"].

local FOLDER = "data/media"
local LARGEST = 20 * 1024 * 1024

local ENDINGS = {
  ["image/png"] = ".png", ["image/jpeg"] = ".jpg", ["image/gif"] = ".gif", ["image/webp"] = ".webp",
  ["video/mp4"] = ".mp4",
}

local function bytes(n)
  if n < 1024 then return n .. " bytes" end
  if n < 1024 * 1024 then return ("%.1f KB"):format(n / 1024) end
  return ("%.1f MB"):format(n / 1024 / 1024)
end

-- The width and height in the first bytes of a PNG or a GIF.
local function pixels(media)
  local head = media:read(24)
  if not head then return nil end
  if head:sub(1, 8) == "\137PNG\r\n\26\n" and #head == 24 then
    local a, b, c, d, e, f, g, h = head:byte(17, 24)
    return ((a * 256 + b) * 256 + c) * 256 + d, ((e * 256 + f) * 256 + g) * 256 + h
  end
  if head:sub(1, 3) == "GIF" and #head >= 10 then
    local a, b, c, d = head:byte(7, 10)
    return a + b * 256, c + d * 256
  end
end

-- Saves the file of an item of a message, or of its quote. Returns what to say of it.
local function keep(msg, item)
  if item.size and item.size > LARGEST then
    return "That " .. item.kind .. " has " .. bytes(item.size) .. ", I take up to " .. bytes(LARGEST) .. "."
  end
  -- Fetches it into the data folder; it never gets into Lua's memory as a whole.
  local file, err = ilink.download(item.media)
  if not file then
    ilink.log.warn("not fetched: " .. err)
    return "I couldn't fetch that " .. item.kind .. ". Please send it again."
  end

  -- The bot makes up the name: what users call a file may be anything.
  local me = kv.user(msg)
  local number = me:incr("files")
  local name = item.name or item.kind .. number .. (ENDINGS[file.mime] or "")
  local path = ("%s/%s%s"):format(FOLDER, random.uuid(), ENDINGS[file.mime] or ".bin")
  local ok, wrong = file:save(path)
  if not ok then
    ilink.log.error("not saved: " .. wrong)
    return "I couldn't keep that " .. item.kind .. "."
  end
  me:set(("file %06d"):format(number), { name = name, path = path, kind = item.kind, size = file.size })

  local about = ("%d. %s: %s, %s"):format(number, name, file.mime or item.kind, bytes(file.size))
  local width, height = pixels(file)
  if width then about = about .. (", %d × %d pixels"):format(width, height) end
  return about
end

ilink.command("/list", function(msg)
  local me, lines = kv.user(msg), {}
  for _, key in ipairs(me:keys("file ")) do
    local file = me:get(key)
    lines[#lines + 1] = ("%d. %s (%s)"):format(tonumber(key:sub(6)), file.name, bytes(file.size))
  end
  msg:reply(#lines > 0 and table.concat(lines, "\n") or "I keep nothing of yours. Send me a picture or a file.")
end, "what I keep of yours")

-- The key and the record of the file whose number follows a command.
local function chosen(msg, args)
  local number = args[1] and tonumber(args[1]:match("^%d+$"))
  local key = number and ("file %06d"):format(number)
  local file = key and kv.user(msg):get(key)
  if not file then msg:reply("Which one? /list shows their numbers.") end
  return file, key
end

ilink.command("/get", function(msg, args)
  local file = chosen(msg, args)
  if not file then return end
  -- Only files show a name.
  local content = { file = file.path, name = file.name }
  if file.kind == "image" or file.kind == "video" then content = { [file.kind] = file.path } end
  local sent, err = msg:reply(content)
  if not sent then
    ilink.log.error(file.path .. " was not sent: " .. err)
    msg:reply("I couldn't send it.")
  end
end, "NUMBER  sends it back")

ilink.command("/delete", function(msg, args)
  local file, key = chosen(msg, args)
  if not file then return end
  kv.user(msg):delete(key)
  files.remove(file.path)
  msg:reply("Deleted: " .. file.name)
end, "NUMBER  deletes it")

function on_message(msg)
  local told = {}
  for _, item in ipairs(msg.items) do
    if item.media then told[#told + 1] = keep(msg, item) end
  end
  -- A picture that is quoted is there, too.
  if msg.quote and msg.quote.media then told[#told + 1] = keep(msg, msg.quote) end
  msg:reply(#told > 0 and table.concat(told, "\n") or "Send me a picture or a file, or see /help.")
end
