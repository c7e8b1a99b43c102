---@meta hex

---Writes bytes as hexadecimal digits, and reads them.
---@class hex
hex = {}

---Writes each byte as two hexadecimal digits.
---@param text string
---@return string
---@nodiscard
---@example
---```lua
---assert(hex.encode("AZ") == "415a")
---```
function hex.encode(text) end

---Reads hexadecimal digits. The error is of kind "bad_hex".
---@param text string
---@return string? bytes
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---local bytes, err = hex.decode(msg.text)
---msg:reply(bytes and #bytes .. " bytes" or tostring(err))
---```
function hex.decode(text) end
