function on_message(msg)
  msg:reply { txt = "Look", image = "cat.png" }
end

-- want 2:15: error: msg:reply doesn't know the field txt; did you mean text?
