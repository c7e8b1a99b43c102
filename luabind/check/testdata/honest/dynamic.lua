-- Globals and fields whose names aren't known before it runs.
for _, name in ipairs { "one", "two" } do _G[name] = function() return name end end
local methods = setmetatable({}, { __index = function(_, key) return function() return key end end })
function on_message(msg)
  msg:reply(one() .. two() .. methods.anything())
end
