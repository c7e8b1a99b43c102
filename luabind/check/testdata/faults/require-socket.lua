local http = require "socket.http"
function on_message(msg) msg:reply(tostring(http)) end

-- want 1:22: error: there is no module "socket.http"…
