function on_message(msg)
  msg:reply(shout(msg.text))
end

local function shout(text) return text:upper() .. "!" end

-- want 2:13: error: nothing defines shout here: the local shout comes later, in line 5; move it up
