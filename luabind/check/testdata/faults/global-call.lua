function on_message(msg)
  retrun(msg)
end

-- want 2:3: error: nothing defines retrun
