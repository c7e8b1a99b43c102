local menu = require("lib.menu")
function on_message(msg) msg:reply(menu.text) end

-- want 1:22: error: there is no module "lib.menu": no lib/menu.lua below the script's folder
