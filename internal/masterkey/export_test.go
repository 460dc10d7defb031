package masterkey

// Over is the same Keeper over other columns.
func (k *Keeper) Over(all Columns) *Keeper {
	other := *k
	other.all = all
	return &other
}
