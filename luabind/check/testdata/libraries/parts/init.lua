-- use: lib.text() .. lib.prefix
-- want: left rightparts
-- A module of several files, which finds them by its own name.
local PATH = (...):gsub("%.init$", "")
local here = (...):match("(.-)[^%.]+$")
local left = require(PATH .. ".left")
local right = require(PATH .. ".right")
local M = { prefix = here == "" and PATH or here }
function M.text() return left.text .. " " .. right() end
if package and package.loaded then package.loaded[PATH] = M end
return M
