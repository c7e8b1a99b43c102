local api = require("ilink")
function on_message(msg)
  api.uplaod("x.png")
end

-- want 3:7: error: api.uplaod doesn't exist; did you mean api.upload?
