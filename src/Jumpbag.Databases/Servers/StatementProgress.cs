namespace Jumpbag.Databases.Servers;

/// <summary>How far MariaDB is with one long statement (ALTER TABLE, adding an index, CHECK TABLE): some five reports a minute.</summary>
/// <param name="Stage">What it is doing: "copy to tmp table", "Enabling keys".</param>
/// <param name="Number">Of this stage, from 1, of <paramref name="Stages"/>.</param>
/// <param name="Percent">Of this stage, 0 to 100.</param>
public readonly record struct StatementProgress(string Stage, int Number, int Stages, double Percent);
