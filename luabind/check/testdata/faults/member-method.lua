function on_message(msg)
  msg:replly("x")
end

-- want 2:7: error: an ilink.Message has no replly; did you mean reply?
