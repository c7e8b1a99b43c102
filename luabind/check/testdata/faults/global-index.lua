function on_message(msg)
  mesage:reply("x")
end

-- want 2:3: error: nothing defines mesage
