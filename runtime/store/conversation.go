package store

// Conversation names a conversation: a user's, or a user's within a group.
func Conversation(group, user string) string {
	if group == "" {
		return user
	}
	return group + " " + user
}
