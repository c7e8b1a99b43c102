---@meta time

---Times, in seconds since 1970. What day and hour that is depends on the place: zones are
---names such as "Asia/Shanghai", "UTC", "+08:00" or "local", which is the server's
---and what is meant if none is given.
---@class time
time = {}

---Returns the time now, with a fraction.
---@return number
---@nodiscard
---@example
---```lua
---local started = time.now()
---msg:reply("That took " .. time.now() - started .. " s.")
---```
function time.now() end

---Waits. Other messages are handled meanwhile, and a restart doesn't end it: the handler
---goes on when the time has come.
---@param span ilink.Span
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---time.sleep(2)
---msg:reply("Here I am again.")
---```
function time.sleep(span) end

---Writes a time. The layout is that of C's strftime: %Y %m %d for the date, %H %M %S for the
---time, %F and %T for all of one, %a %b for names of days and months in English, %j for the
---day of the year, %z for the zone.
---@param t? number Now if left out.
---@param layout? string "%Y-%m-%d %H:%M:%S" if left out.
---@param zone? string
---@return string
---@nodiscard
---@example
---```lua
---msg:reply("In Shanghai it is " .. time.format(time.now(), "%H:%M", "Asia/Shanghai"))
---```
function time.format(t, layout, zone) end

---Reads a date and a time of day. Without a layout these do: 2026-05-01, 2026-05-01 09:30,
---2026-05-01T09:30:00+08:00, 2026/5/1, 2026年5月1日 and what feeds have. What a layout
---doesn't have is today's, or 0 in the time of day. The error is of kind "bad_time".
---@param text string
---@param layout? string As of time.format.
---@param zone? string Where that is, if the text doesn't say.
---@return number? t
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---local t, err = time.parse("09:30", "%H:%M", "Asia/Shanghai")
---if not t then return msg:reply("When? " .. err) end
---if t < time.now() then t = t + 24 * 3600 end
---msg:reply("In " .. time.duration(t - time.now()))
---```
function time.parse(text, layout, zone) end

---Reports whether there is a zone of that name, as where a user's text says which.
---@param name string
---@return boolean
---@example
---```lua
---if not time.is_zone(msg.text) then return msg:reply("Write it like Europe/Berlin or +08:00.") end
---msg:reply("There it is " .. time.format(nil, "%H:%M", msg.text))
---```
function time.is_zone(name) end

---A time in parts.
---@class time.Parts
---@field year integer
---@field month integer From 1 to 12.
---@field day integer From 1 to 31.
---@field hour? integer
---@field min? integer
---@field sec? integer
---@field zone? string
---@field wday? integer From 1, Sunday, to 7.
---@field yday? integer
---@field isdst? boolean Whether it is summer time.
---@field offset? integer Seconds east of UTC.

---Takes a time apart.
---@param t? number Now if left out.
---@param zone? string
---@return time.Parts
---@nodiscard
---@example
---```lua
---local now = time.parts(time.now(), "Asia/Shanghai")
---msg:reply(now.hour < 12 and "早上好！" or "你好！")
---```
function time.parts(t, zone) end

---Puts a time together. Parts may be beyond their ranges: month 13 is the next
---January, day 0 the last of the month before. The time of day is 0 if left out;
---wday, yday, isdst and offset don't matter.
---@param parts time.Parts
---@return number t
---@nodiscard
---@example
---```lua
---local day = time.parts()
---day.day, day.hour, day.min, day.sec = day.day + 1, 9, 0, 0
---msg:reply("Tomorrow at nine is " .. time.of(day))
---```
function time.of(parts) end

---Tells a span of time in its two largest units: "1 hour 2 minutes", "1小时2分钟".
---@param seconds number
---@param language? "en"|"zh" "en" if left out.
---@return string
---@nodiscard
---@example
---```lua
---msg:reply("还有" .. time.duration(3 * 3600 + 120, "zh"))
---```
function time.duration(seconds, language) end

---Reads a span of time as people write it: 90s, 1h30m, 2 days, 10分钟, 半小时. The error is of
---kind "bad_duration".
---@param text string
---@return number? seconds
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---local seconds, err = time.seconds("1h30m")
---msg:reply(seconds and "I wait " .. seconds .. " s." or tostring(err))
---```
function time.seconds(text) end
