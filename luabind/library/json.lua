---@meta json

---Reads and writes JSON.
---@class json
---@field null userdata null in a list, and wherever JSON shall have null.
json = {}

---Reads JSON. Lists and objects become tables. A member of an object that is null
---isn't there, and in a list null is json.null. An integer beyond 2^53, of which a
---number would lose digits, becomes a text: ids stay as they are. The error, of kind
---"bad_json", says where the text is wrong.
---@param text string
---@return any value nil if the text is no JSON.
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---local answer, err = json.decode('{"city": "上海", "days": [21, 23]}')
---if not answer then return msg:reply("That is no JSON: " .. err) end
---msg:reply(answer.city .. ": " .. answer.days[1] .. " °C")
---```
function json.decode(text) end

---Writes a value as JSON. A table with the keys 1 to n is a list, one with texts as keys
---an object, whose members keep the order in which they were set. An empty table
---is {} unless it came from a list of json.decode's or json.array was called with it.
---What has no form in JSON (functions, tables that contain themselves, lists with
---gaps, NaN, bytes that are no UTF-8) is an error that says where it is.
---@param value any
---@param options? json.Options
---@return string
---@nodiscard
---@example
---```lua
---local body = json.encode({ model = "small", messages = { { role = "user", content = msg.text } } })
---msg:reply(body)
---print(json.encode({ name = "李", tags = json.array() }, { indent = 2 }))
---```
function json.encode(value, options) end

---How to write.
---@class json.Options
---@field indent? integer Spaces for each level, 2 or 4 say; all in one line if left out.

---Says that a table is a list, so that an empty one is written as []. It returns the
---table, a new one if none is given. What is read back from kv is a copy that doesn't
---know it any more.
---@generic T: table
---@param t? T
---@return T t
---@example
---```lua
---local tags = json.array()
---assert(json.encode(tags) == "[]")
---assert(json.encode({}) == "{}")
---```
function json.array(t) end
