local menu = require("lib/menu.lua")
function on_message(msg) msg:reply(menu.text) end

-- want 1:22: error: require takes a module's name, without .lua and with dots for slashes, such as "lib.menu"
