---@meta url

---Takes addresses apart and puts them together.
---@class url
url = {}

---The parts of an address, decoded. Those that it doesn't have are nil.
---@class url.Parts
---@field scheme? string Such as "https".
---@field user? string
---@field password? string
---@field host? string
---@field port? string|integer
---@field path? string "" if there is none.
---@field query? table<string, string|number|boolean|(string|number|boolean)[]> A name that is there several times has a list.
---@field fragment? string What is behind #.

---Takes an address apart. The error is of kind "bad_url".
---@param text string
---@return url.Parts? parts
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---local u, err = url.parse("https://example.org/search?q=%E5%A4%A9%E6%B0%94")
---if not u then return msg:reply("That is no address: " .. err) end
---msg:reply(u.host .. ": " .. u.query.q)
---```
function url.parse(text) end

---Puts an address together, and encodes what must be.
---@param parts url.Parts
---@return string
---@nodiscard
---@example
---```lua
---local link = url.build { scheme = "https", host = "example.org", path = "/search", query = { q = msg.text } }
---```
function url.build(parts) end

---Returns what an address refers to that is relative to another. The error is of kind
---"bad_url".
---@param base string
---@param reference string
---@return string? address
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---assert(url.join("https://example.org/news/today", "../logo.png") == "https://example.org/logo.png")
---```
function url.join(base, reference) end

---Encodes a text so that it may stand anywhere in an address.
---@param text string
---@return string
---@nodiscard
---@example
---```lua
---msg:reply("https://example.org/wiki/" .. url.encode(msg.text))
---```
function url.encode(text) end

---Decodes what was encoded. + stays what it is. The error is of kind "bad_url".
---@param text string
---@return string? decoded
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---assert(url.decode("%E4%BD%A0%20x") == "你 x")
---```
function url.decode(text) end

---Writes what stands behind the ? of an address, and is posted by forms, in the order of
---names.
---@param values table<string, string|number|boolean|(string|number|boolean)[]>
---@return string
---@nodiscard
---@example
---```lua
---assert(url.encode_query({ city = "New York", days = 3 }) == "city=New+York&days=3")
---```
function url.encode_query(values) end

---Reads a query; a name that is there several times has a list. The error is of
---kind "bad_url".
---@param text string
---@return table<string, string|string[]>? values
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---assert(url.decode_query("city=New+York&days=3").city == "New York")
---```
function url.decode_query(text) end
