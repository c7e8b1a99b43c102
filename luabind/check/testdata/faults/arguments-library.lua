function on_message(msg)
  msg:reply(msg.text:rep())
  msg:reply(math.floor(1, 2))
end

-- want 2:22: error: msg.text:rep needs at least 1 argument (n, separator), and gets 0
-- want 3:18: error: math.floor takes 1 argument (x), and gets 2
