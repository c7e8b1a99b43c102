---@meta base64

---Writes bytes as letters and digits, and reads them.
---@class base64
base64 = {}

---Writes bytes in base64.
---@param text string
---@param options? base64.Options
---@return string
---@nodiscard
---@example
---```lua
---assert(base64.encode("你好") == "5L2g5aW9")
---local token = base64.encode("user:password", { url = true, padding = false })
---```
function base64.encode(text, options) end

---How to write.
---@class base64.Options
---@field url? boolean With - and _ in place of + and /, as in addresses.
---@field padding? boolean Whether the end is filled up with =; true if left out.

---Reads base64: both alphabets, with = at the end or without, in one line or several.
---The error is of kind "bad_base64".
---@param text string
---@return string? bytes
---@return ilink.Failure? err
---@nodiscard
---@example
---```lua
---local text, err = base64.decode("5L2g5aW9")
---msg:reply(text or tostring(err))
---```
function base64.decode(text) end
