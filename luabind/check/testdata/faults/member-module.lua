local greet = require("lib.greet")
function on_message(msg)
  greet.hello(msg)
  helper_of_lib(msg)
end

-- want lib/greet.lua:6:13: warning: nothing defines undefined_greeting
