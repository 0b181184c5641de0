package apply

import (
	"context"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
)

// revive makes an object anew that the step deleted.
func (u *undoing) revive(ctx context.Context, r record) error {
	b, err := u.kept(ctx, r)
	if err != nil {
		return err
	}
	was := keeping.Deleted{Ref: r.Ref, UID: r.UID, Object: b.Object, Managers: r.Managers}
	if err := u.list.Revive(ctx, was); err != nil {
		return err
	}
	return u.backups().Drop(ctx, r.Namespace, r.Backup)
}
