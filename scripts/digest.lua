-- The weather each morning at nine, where the user is: /subscribe Shanghai.
--
-- Try it:  go run . dev scripts/digest.lua, and type /subscribe 上海, then /now.
-- Change:  what the digest says, and the hour. The weather is from open-meteo.com,
--          which needs no key.

local HOUR = 9

-- Asks a service for JSON; returns nil and why if that fails.
local function fetch(url, query)
  local res, err = http.get(url, { query = query, timeout = 15 })
  if not res then return nil, err.message end
  if not res.ok then return nil, "status " .. res.status end
  local data, wrong = res:json()
  if not data then return nil, wrong.message end
  return data
end

local function find_place(name)
  local found, err = fetch("https://geocoding-api.open-meteo.com/v1/search", { name = name, count = 1 })
  if not found then return nil, err end
  local first = found.results and found.results[1]
  if not first then return false end
  return { name = first.name, latitude = first.latitude, longitude = first.longitude, zone = first.timezone }
end

local function forecast(place)
  local data, err = fetch("https://api.open-meteo.com/v1/forecast", {
    latitude = place.latitude, longitude = place.longitude, timezone = place.zone, forecast_days = 1,
    daily = "temperature_2m_max,temperature_2m_min,precipitation_probability_max",
  })
  local day = data and data.daily
  if not day then return nil, err or "no forecast in the answer" end
  return ("%s: %d to %d °C, rain %d %%"):format(place.name, day.temperature_2m_min[1], day.temperature_2m_max[1],
    day.precipitation_probability_max[1] or 0)
end

local function subscriber(id) return "subscriber " .. id end

-- Sends a subscriber the digest of the day, if it is time and it wasn't sent.
local function send_digest(id, due)
  local place = kv.get(subscriber(id))
  if not place then return end -- unsubscribed just now
  local there = time.parts(due, place.zone)
  local today = ("%d-%02d-%02d"):format(there.year, there.month, there.day)
  if there.hour < HOUR or place.last == today then return end

  local weather, err = forecast(place)
  if not weather then
    return ilink.log.warn("no weather for " .. place.name .. ", I try again later: " .. err)
  end
  -- If the user hasn't written for a day, WeChat doesn't let the bot write: then it is
  -- sent when the user writes, but not when the day is over.
  local result, failure = ilink.send(id, {
    text = "☀️ Good morning!\n" .. weather .. "\nAnswer anything, 👍 say, so that I may write tomorrow too.",
    lifetime = (24 - there.hour) * 3600,
  })
  if not result then
    return ilink.log.warn("the digest wasn't sent to " .. id .. ": " .. failure)
  end
  kv.update(subscriber(id), function(now)
    if now then now.last = today end
    return now
  end)
end

-- Zones differ by quarters of an hour.
ilink.every("*/15 * * * *", function(due)
  for _, key in ipairs(kv.keys("subscriber ")) do
    -- One failure must not keep the digest from the others.
    local ok, err = pcall(send_digest, key:sub(#"subscriber " + 1), due)
    if not ok then ilink.log.error(key .. ": " .. err) end
  end
end, { name = "digest" })

ilink.command("/subscribe", function(msg, args)
  if args.text == "" then return msg:reply("Where are you? As in: /subscribe Shanghai") end
  local place, err = find_place(args.text)
  if place == false then return msg:reply("I don't know " .. args.text .. ".") end
  if not place then
    ilink.log.error("no place: " .. err)
    return msg:reply("I can't look that up right now. Please try again later.")
  end
  -- If it is past nine there, the first digest is tomorrow's.
  if time.parts(nil, place.zone).hour >= HOUR then
    place.last = time.format(nil, "%Y-%m-%d", place.zone)
  end
  kv.set(subscriber(msg.from), place)
  msg:reply(("You get the weather of %s at %d:00 each day, %s time. /unsubscribe ends that."):format(
    place.name, HOUR, place.zone))
end, "PLACE  the weather of a place each morning")

ilink.command("/unsubscribe", function(msg)
  local was = kv.delete(subscriber(msg.from))
  msg:reply(was and "You get no more of it." or "You have no subscription.")
end, "ends it")

ilink.command("/now", function(msg)
  local place = kv.get(subscriber(msg.from))
  if not place then return msg:reply("Where? /subscribe first.") end
  local weather, err = forecast(place)
  if not weather then ilink.log.warn("no weather: " .. err) end
  msg:reply(weather or "There is no weather right now. Please try again later.")
end, "today's weather now")

function on_message(msg)
  if kv.get(subscriber(msg.from)) then
    return msg:reply("👌 Until tomorrow.")
  end
  msg:reply("I write the weather to you each morning: /subscribe and a place. 每天早上的天气：/subscribe 上海")
end
