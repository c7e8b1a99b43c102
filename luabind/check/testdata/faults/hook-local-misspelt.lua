function on_message(msg) msg:reply("x") end
local function on_interupt(msg) return true end

-- want 2:16: error: nothing calls on_interupt; did you mean function on_interrupt, without local?
