local text = ("a,b"):gsub(",")
function on_message(msg) msg:reply(text) end

-- want 1:22: error: string.gsub needs at least 2 arguments (pattern, replacement, max), and gets 1
