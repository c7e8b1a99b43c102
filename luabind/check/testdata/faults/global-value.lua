local greeting = "hi"
function on_message(msg)
  msg:reply(greetin)
end

-- want 3:13: error: nothing defines greetin; did you mean greeting?
