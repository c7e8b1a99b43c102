-- A script may extend what it gets.
function string.trim(s) return (s:gsub("^%s+", ""):gsub("%s+$", "")) end
table.keys = function(t)
  local list = {}
  for k in pairs(t) do list[#list + 1] = k end
  return list
end
local real_print = print
print = function(...) real_print("bot:", ...) end
function on_message(msg)
  msg.words = {}
  for word in msg.text:trim():gmatch("%S+") do msg.words[#msg.words + 1] = word end
  print(#msg.words, #table.keys(msg))
end
