function on_message(msg)
  msg:typing(true, 5)
end

-- want 2:7: error: msg:typing takes at most 1 argument (on), and gets 2
