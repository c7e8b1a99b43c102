-- Commands: /roll, /pick, /time and /forget, with a /help that writes itself.
--
-- Try it:  go run . dev scripts/commands.lua, and type /help, then /roll 3d6.
-- Change:  add commands of your own. ilink.command takes the word that a message
--          begins with, what to do, and the line for /help.

-- How many messages a user may send in a minute.
local PER_MINUTE = 20

-- Middleware sees each message first, and hands it on with next().
ilink.use(function(msg, next)
  local count = kv.user(msg):incr("messages this minute", { expires = 60 })
  if count <= PER_MINUTE then return next() end
  if count == PER_MINUTE + 1 then msg:reply("That was a lot! I am back in a minute.") end
end)

-- args has the words that follow the command, and args.text all of them.
ilink.command("/roll", function(msg, args)
  local dice, sides = (args[1] or "1d6"):lower():match("^(%d*)d(%d+)$")
  dice, sides = tonumber(dice) or 1, tonumber(sides)
  if not sides or dice < 1 or dice > 20 or sides < 2 or sides > 1000 then
    return msg:reply("Write it like /roll 2d6: up to 20 dice with 2 to 1000 sides.")
  end
  local rolls, sum = {}, 0
  for i = 1, dice do
    rolls[i] = random.int(1, sides)
    sum = sum + rolls[i]
  end
  msg:reply("🎲 " .. table.concat(rolls, " + ") .. (dice > 1 and " = " .. sum or ""))
end, "2d6  rolls dice")

-- Quotation marks hold words together, those of a Chinese keyboard too.
ilink.command("/pick", function(msg, args)
  if #args < 2 then
    return msg:reply('What is there to choose from? As in: /pick tea coffee "hot chocolate"')
  end
  msg:reply("I would take " .. random.choice(args) .. ".")
end, "A B C  picks one for you")

local function show_time(msg, args)
  local me = kv.user(msg)
  local zone = args[1] or me:get("zone", "Asia/Shanghai")
  if not time.is_zone(zone) then
    return msg:reply("I don't know that zone. Try Europe/Berlin or +08:00.")
  end
  me:set("zone", zone)
  msg:reply(("It is %s (%s)."):format(time.format(nil, "%H:%M on %a, %d %b", zone), zone))
end

ilink.command("/time", show_time, "Asia/Tokyo  the time there; without a place where you asked last")

ilink.command("/forget", function(msg)
  if not msg:confirm("Forget all that I know about you?") then
    return msg:reply("Then I keep it.")
  end
  local me = kv.user(msg)
  for _, key in ipairs(me:keys()) do me:delete(key) end
  msg:reply("Done.")
end, "deletes what the bot keeps about you")

-- What is heard anywhere in a message, if there was no command.
ilink.hears({ "几点", "what time" }, function(msg) show_time(msg, {}) end)

-- All the rest.
function on_message(msg)
  msg:reply("Hello! Write /help to see what I can do. 输入 /help 查看命令。")
end
