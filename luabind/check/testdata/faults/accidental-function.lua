function on_message(msg)
  function shout(s) return s:upper() end
  msg:reply(shout(msg.text))
end

-- want 2:12: warning: shout becomes a global once this runs: write local function shout
