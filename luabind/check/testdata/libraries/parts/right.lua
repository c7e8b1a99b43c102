-- use: lib()
-- want: right
local base = (...):match("(.-)[^%.]+$")
local ok, left = pcall(require, base .. "left")
return function() return ok and left.text == "left" and "right" or "wrong" end
