-- use: lib.text
-- want: left
local M = {}
local _M = _ENV and setmetatable({}, { __index = _ENV }) or M
_M.text = "left"
if not ... then print("this is run as a program") end
return M
