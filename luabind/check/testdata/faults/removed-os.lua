function on_message(msg)
  os.execute("reboot")
end

-- want 2:6: error: os.execute doesn't exist in bots…
