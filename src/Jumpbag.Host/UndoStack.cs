using Jumpbag.Core;

namespace Jumpbag.Host;

/// <summary>
/// What has to be undone at the end, whatever the end is: the last done is undone first, and one that fails keeps none of the
/// others from being undone. A step is put on the stack before what it undoes is begun, and finds out itself whether there is anything.
/// </summary>
public sealed class UndoStack
{
    private readonly Stack<Action> steps = new();

    public void Push(Action undo) => steps.Push(undo);

    /// <summary>Undoes everything; the failures, in the order in which they came.</summary>
    public IReadOnlyList<JumpbagException> Run()
    {
        var failures = new List<JumpbagException>();
        while (steps.TryPop(out Action? step))
        {
            try
            {
                step();
            }
            catch (JumpbagException e)
            {
                failures.Add(e);
            }
        }
        return failures;
    }
}
