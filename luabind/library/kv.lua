---@meta kv

---Data that the bot keeps by keys. They outlive restarts and reloads, and are kept
---once: a handler that is run again after a crash or an error finds its changes made
---and doesn't make them twice.
---
---Values are texts, numbers, booleans and tables of these, up to 1 MiB; keys are texts
---of up to 512 bytes. What can't be kept or read is raised as an error.
---@class kv
kv = {}

---Options of what is kept.
---@class kv.Options
---@field expires? ilink.Span After what time it is gone. For ever if left out.

---Options of a list of keys.
---@class kv.ListOptions
---@field after? string Only keys that come after this one.
---@field limit? integer At most so many.

---Returns a value, or something else if there is none.
---@param key string
---@param otherwise? any nil if left out.
---@return any value A copy: changing a table doesn't change what is kept.
---@nodiscard
---@example
---```lua
---local menu = kv.get("menu", { "tea", "coffee" })
---msg:reply("We have " .. table.concat(menu, ", "))
---```
function kv.get(key, otherwise) end

---Keeps a value in place of the one before. nil deletes.
---@param key string
---@param value any Texts, numbers, booleans and tables of these.
---@param options? kv.Options
---@example
---```lua
---kv.set("menu", { "tea", "coffee", "cake" })
---kv.set("special", "cake with cherries", { expires = 12 * 3600 })
---```
function kv.set(key, value, options) end

---Deletes a value.
---@param key string
---@return boolean found Whether there was one.
---@example
---```lua
---if kv.delete("special") then msg:reply("No more cake.") end
---```
function kv.delete(key) end

---Adds to a number, which is 0 if there is none yet.
---@param key string
---@param by? number 1 if left out; may be negative.
---@param options? kv.Options Its time runs from when the number was first kept: so it counts what happens within a time.
---@return number sum
---@overload fun(key: string, options: kv.Options): number
---@example
---```lua
---local total = kv.incr("messages")
---local today = kv.incr("messages " .. os.date("%Y-%m-%d"), 1, { expires = 2 * 86400 })
---msg:reply("Message " .. today .. " today, " .. total .. " in all.")
---```
function kv.incr(key, by, options) end

---Changes a value by a function, with nobody else changing it in between. The function
---may be called several times.
---@param key string
---@param change fun(old: any): any It returns the new value; nil deletes it.
---@param options? kv.Options Without expires the time that was set before stays.
---@return any value The new value.
---@example
---```lua
---local list = kv.update("shopping", function(list)
---  list = list or {}
---  table.insert(list, msg.text)
---  return list
---end)
---msg:reply("On the list: " .. table.concat(list, ", "))
---```
function kv.update(key, change, options) end

---Lists keys in the order of their bytes.
---@param prefix? string Those that begin with it; all if left out.
---@param options? kv.ListOptions
---@return string[] keys
---@nodiscard
---@example
---```lua
---kv.set("subscriber:" .. msg.from, true)
---for _, key in ipairs(kv.keys("subscriber:")) do
---  ilink.send(key:sub(#"subscriber:" + 1), "The shop is open.")
---end
---```
function kv.keys(prefix, options) end

---What is kept about a user, apart from all else. It has the functions of kv as methods.
---@class kv.User
local User = {}

---Returns what is kept about a user.
---@param who ilink.Message|string A message of the user's, or the user's id.
---@return kv.User user
---@nodiscard
---@example
---```lua
---function on_message(msg)
---  local me = kv.user(msg)
---  if me:incr("visits") == 1 then
---    msg:reply("Welcome!")
---  else
---    msg:reply("Good to see you again, " .. me:get("name", "friend") .. ".")
---  end
---end
---```
function kv.user(who) end

---As kv.get, for the user.
---@param key string
---@param otherwise? any nil if left out.
---@return any value
---@nodiscard
---@example
---```lua
---msg:reply("Your city is " .. kv.user(msg):get("city", "unknown to me"))
---```
function User:get(key, otherwise) end

---As kv.set, for the user.
---@param key string
---@param value any
---@param options? kv.Options
---@example
---```lua
---kv.user(msg):set("city", msg.text)
---```
function User:set(key, value, options) end

---As kv.delete, for the user.
---@param key string
---@return boolean found
---@example
---```lua
---local me = kv.user(msg)
---for _, key in ipairs(me:keys()) do me:delete(key) end
---msg:reply("I know nothing about you any more.")
---```
function User:delete(key) end

---As kv.incr, for the user.
---@param key string
---@param by? number
---@param options? kv.Options
---@return number sum
---@overload fun(self: kv.User, key: string, options: kv.Options): number
---@example
---```lua
---if kv.user(msg):incr("questions", { expires = 86400 }) > 20 then
---  msg:reply("That were 20 questions today, let us go on tomorrow.")
---end
---```
function User:incr(key, by, options) end

---As kv.update, for the user.
---@param key string
---@param change fun(old: any): any
---@param options? kv.Options
---@return any value
---@example
---```lua
---kv.user(msg):update("score", function(score) return math.max(score or 0, 42) end)
---```
function User:update(key, change, options) end

---As kv.keys, for the user.
---@param prefix? string
---@param options? kv.ListOptions
---@return string[] keys
---@nodiscard
---@example
---```lua
---local me = kv.user(msg)
---me:set("note " .. os.time(), msg.text)
---msg:reply(#me:keys("note ") .. " notes")
---```
function User:keys(prefix, options) end
