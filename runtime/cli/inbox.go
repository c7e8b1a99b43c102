package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/ilinkd/ilinkd/runtime/admin"
)

func newInbox() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inbox",
		Short: "Show and decide about messages that wait or have failed",
		Long: "inbox is about messages received and not handled: waiting ones, and dead ones, at which the\n" +
			"script failed for good. It works with and without a running ilinkd, which notices within a second.",
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newList("List messages that are waiting or dead", admin.ListInbox),
		newInboxShow(), newInboxRetry(),
		newDecide("drop ID...", "End messages unhandled", admin.DropInbox),
	)
	return cmd
}

func newInboxShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a message, and why the script failed at it",
		Args:  args(cobra.ExactArgs(1)),
	}
	options := addAdminFlags(cmd, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ids, err := parseIDs(cmd, args)
		if err != nil {
			return err
		}
		o, err := options(cmd)
		if err != nil {
			return err
		}
		return admin.ShowInbox(cmd.Context(), o, ids[0])
	}
	return cmd
}

func newInboxRetry() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry ID... | --all",
		Short: "Have messages tried again",
		Long: "retry has dead messages handled again, and those at once that wait for their next try. What\n" +
			"their handlers sent before is not sent again.",
	}
	options := addAdminFlags(cmd, false)
	all := cmd.Flags().Bool("all", false, "all dead messages")
	bot := cmd.Flags().String("bot", "", "with --all: those of one bot")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case *all && len(args) > 0:
			return usageError{errors.New("give ids or --all, not both"), cmd.CommandPath()}
		case !*all && *bot != "":
			return usageError{errors.New("--bot goes with --all"), cmd.CommandPath()}
		case !*all && len(args) == 0:
			return usageError{errors.New("which messages? Give their ids, or --all"), cmd.CommandPath()}
		}
		ids, err := parseIDs(cmd, args)
		if err != nil {
			return err
		}
		o, err := options(cmd)
		if err != nil {
			return err
		}
		if *all {
			return admin.RetryDead(cmd.Context(), o, *bot)
		}
		return admin.RetryInbox(cmd.Context(), o, ids)
	}
	return cmd
}

// newList makes the command list of inbox and outbox.
func newList(short string, list func(ctx context.Context, o admin.Options, bot string) error) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: short, Args: args(cobra.NoArgs)}
	options := addAdminFlags(cmd, true)
	bot := addBotFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := options(cmd)
		if err != nil {
			return err
		}
		return list(cmd.Context(), o, *bot)
	}
	return cmd
}

// newDecide makes a command that does something to those ids that it is given.
func newDecide(use, short string, decide func(ctx context.Context, o admin.Options, ids []int64) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: args(cobra.MinimumNArgs(1))}
	options := addAdminFlags(cmd, false)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ids, err := parseIDs(cmd, args)
		if err != nil {
			return err
		}
		o, err := options(cmd)
		if err != nil {
			return err
		}
		return decide(cmd.Context(), o, ids)
	}
	return cmd
}

func parseIDs(cmd *cobra.Command, args []string) (ids []int64, err error) {
	for _, a := range args {
		id, err := strconv.ParseInt(a, 10, 64)
		if err != nil || id <= 0 {
			return nil, usageError{fmt.Errorf("%q is not an id: see \"%s list\"", a, cmd.Parent().CommandPath()), cmd.CommandPath()}
		}
		ids = append(ids, id)
	}
	return ids, nil
}
