---@meta os

---What tells the time; the rest of Lua's os isn't there.
---@class oslib
os = {}

---Returns the seconds since the script was loaded.
---@return number
---@nodiscard
---@example
---```lua
---local start = os.clock()
---print(os.clock() - start)
---```
function os.clock() end

---Writes a time; the format is that of C's strftime, in English, with "!" in front for
---UTC, or "*t" for a table.
---@param format? string
---@param time? number Seconds since 1970; now if left out.
---@return string|osdate
---@nodiscard
---@example
---```lua
---function on_message(msg)
---  msg:reply("You wrote at " .. os.date("%H:%M", msg.time))
---end
---```
function os.date(format, time) end

---Returns the seconds between two times.
---@param later number
---@param earlier number
---@return number
---@nodiscard
---@example
---```lua
---print(os.difftime(os.time(), os.time({ year = 2026, month = 1, day = 1 })))
---```
function os.difftime(later, earlier) end

---Returns the time in seconds since 1970, in whole ones; of a date if one is given,
---whose parts may be out of their ranges and then are put right.
---@param date? osdate
---@return integer
---@nodiscard
---@example
---```lua
---print(os.time({ year = 2026, month = 1, day = 1, hour = 0 }))
---```
function os.time(date) end

---A date in parts.
---@class osdate
---@field year integer
---@field month integer From 1 to 12.
---@field day integer From 1 to 31.
---@field hour? integer
---@field min? integer
---@field sec? integer
---@field wday? integer From 1, Sunday, to 7.
---@field yday? integer
---@field isdst? boolean
