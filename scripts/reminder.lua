-- Reminds you: /remind 20m tea, /remind 18:30 call mum, 10分钟后提醒我关火.
--
-- Try it:  go run . dev scripts/reminder.lua, and type /remind 5s it works.
-- Change:  the zone in which 18:30 is meant, until the user names another with /zone.

local ZONE = "Asia/Shanghai"
local DAY = 24 * 3600
-- How many reminders a user may have.
local MOST = 50

local function zone_of(me) return me:get("zone", ZONE) end

local function at(due, me) return time.format(due, "%a, %d %b %H:%M", zone_of(me)) end

-- Reads a time off the beginning of a text: "20m", "18:30" or "2026-05-01 09:00".
-- Returns when that is and the rest, or nil.
local function read_time(text, zone)
  local first, rest = text:match("^(%S+)%s*(.*)$")
  if not first then return nil end
  local now = time.now()
  local span = time.seconds(first)
  if span then return now + span, rest end

  local clock = time.parse(first, "%H:%M", zone)
  if clock then
    if clock <= now then
      local tomorrow = time.parts(clock, zone)
      tomorrow.day = tomorrow.day + 1
      clock = time.of(tomorrow)
    end
    return clock, rest
  end

  local second, behind = rest:match("^(%d+:%d+)%s*(.*)$")
  local due = second and time.parse(first .. " " .. second, nil, zone)
  if due then return due, behind end
end

local function remind(msg, due, what)
  local me = kv.user(msg)
  local wait = math.ceil(due - time.now())
  if wait < 1 or wait > 366 * DAY then
    return msg:reply("That must be between now and in a year.")
  end
  if #me:keys("reminder ") >= MOST then
    return msg:reply("You have " .. MOST .. " reminders already. /cancel one of them first.")
  end
  local number = me:incr("made")
  local key = ("reminder %06d"):format(number)

  -- This function is called after a restart, too.
  local timer, err = ilink.at(due, function()
    local sent, why = msg:reply("⏰ " .. what)
    if not sent then ilink.log.error("a reminder for " .. msg.from .. " was not sent: " .. why) end
    me:delete(key)
  end)
  if not timer then
    ilink.log.error("no timer: " .. err)
    return msg:reply("Sorry, I can't remind you now.")
  end
  me:set(key, { number = number, timer = timer.id, due = due, what = what })

  local answer = ("I will remind you on %s, in %s. (/cancel %d)"):format(at(due, me), time.duration(wait), number)
  if wait > DAY then
    answer = answer .. "\nWeChat lets me write for a day after your last message; if you are silent for longer, "
      .. "you get it when you write again."
  end
  msg:reply(answer)
end

ilink.command("/remind", function(msg, args)
  local due, what = read_time(args.text, zone_of(kv.user(msg)))
  if not due then
    return msg:reply("When? As in: /remind 20m tea, /remind 18:30 tea, or /remind 2030-05-01 09:00 tea")
  end
  remind(msg, due, what == "" and "It is time!" or what)
end, "20m tea  reminds you of tea; also with a time, or a date and a time")

ilink.hears("^(.-)后提醒我(.+)$", function(msg, span, what)
  local seconds = time.seconds(span)
  if not seconds then return msg:reply("多久以后？例如：10分钟后提醒我关火") end
  remind(msg, time.now() + seconds, what)
end)

ilink.command("/list", function(msg)
  local me, lines = kv.user(msg), {}
  for _, key in ipairs(me:keys("reminder ")) do
    local r = me:get(key)
    if r then lines[#lines + 1] = ("%d. %s: %s"):format(r.number, at(r.due, me), r.what) end
  end
  msg:reply(#lines > 0 and table.concat(lines, "\n") or "There is nothing to remind you of.")
end, "what you will be reminded of")

ilink.command("/cancel", function(msg, args)
  local me, number = kv.user(msg), args[1] and tonumber(args[1]:match("^%d+$"))
  local key = number and ("reminder %06d"):format(number)
  local r = key and me:get(key)
  if not r then return msg:reply("Which one? /list shows their numbers.") end
  me:delete(key)
  if ilink.timer(r.timer):cancel() then
    msg:reply("I won't remind you of: " .. r.what)
  else
    msg:reply("That has been already.")
  end
end, "NUMBER  forgets a reminder")

ilink.command("/zone", function(msg, args)
  local me, zone = kv.user(msg), args[1]
  if not zone then return msg:reply("Your time zone is " .. zone_of(me) .. ".") end
  if not time.is_zone(zone) then
    return msg:reply("I don't know that zone. Try Europe/Berlin or +08:00.")
  end
  me:set("zone", zone)
  msg:reply("There it is " .. time.format(time.now(), "%H:%M", zone) .. ".")
end, "Asia/Tokyo  sets your time zone")

function on_message(msg)
  msg:reply("Write /remind 20m tea, or see /help. 也可以说：10分钟后提醒我关火")
end
