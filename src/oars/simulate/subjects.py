"""What the simulated courses are about: names, sections, concepts and phrases.

A line of `sections` is "Title: concept, concept, concept". The concepts become the options of
questions, so that the distribution of answers reads like one of a real course.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """A subject that a course can be about."""

    org: str
    code: str
    name: str
    language: str
    tag: str
    sections: tuple[str, ...]


@dataclass(frozen=True)
class Phrases:
    """The words around the concepts, in the language of the course."""

    overview: str
    lecture: tuple[str, ...]
    homework: str
    midterm: str
    final: str
    reading: str
    video: tuple[str, ...]
    practice: str
    question: str
    unit: str
    ask_choice: str
    ask_several: str
    ask_number: str
    ask_text: str
    threads: tuple[str, ...]
    variants: tuple[str, ...]
    """Names of further courses on a subject."""


ENGLISH = Phrases(
    overview="Welcome",
    lecture=("Key ideas", "Worked examples", "Going further"),
    homework="Homework {n}",
    midterm="Midterm exam",
    final="Final exam",
    reading="Reading: {c}",
    video=("{c} explained", "{c}, step by step", "A closer look at {c}"),
    practice="Check your understanding: {c}",
    question="{s}, question {n}",
    unit="{c}",
    ask_choice="Which idea from “{s}” does this example show?",
    ask_several="Select every idea that belongs to “{s}”.",
    ask_number="Work out the value asked for in the exercise on {c}. Give two decimals.",
    ask_text="In one or two words: which idea of “{s}” explains the case?",
    threads=(
        "Question about {c}",
        "Is the answer on {c} right?",
        "Notes for {s}",
        "Study group for {s}?",
        "I am stuck at {c}",
    ),
    variants=("Applied {s}", "Advanced {s}", "Further {s}", "{s} for Professionals"),
)

SPANISH = Phrases(
    overview="Bienvenida",
    lecture=("Ideas clave", "Ejemplos resueltos", "Para profundizar"),
    homework="Tarea {n}",
    midterm="Examen parcial",
    final="Examen final",
    reading="Lectura: {c}",
    video=("{c}: explicación", "{c}, paso a paso", "Más sobre {c}"),
    practice="Comprueba lo aprendido: {c}",
    question="{s}, pregunta {n}",
    unit="{c}",
    ask_choice="¿Qué idea de «{s}» muestra este ejemplo?",
    ask_several="Marca todas las ideas que pertenecen a «{s}».",
    ask_number="Calcula el valor que pide el ejercicio sobre {c}, con dos decimales.",
    ask_text="En una o dos palabras: ¿qué idea de «{s}» explica el caso?",
    threads=(
        "Duda sobre {c}",
        "¿Es correcta la respuesta sobre {c}?",
        "Apuntes de {s}",
        "¿Grupo de estudio para {s}?",
        "No avanzo con {c}",
    ),
    variants=("{s} aplicada", "{s}: nivel avanzado", "{s}: taller", "{s}: seminario"),
)

PHRASES = {"en": ENGLISH, "es": SPANISH}

SUBJECTS: tuple[Subject, ...] = (
    Subject(
        "AcmeU",
        "DATA101",
        "Introduction to Data Analysis",
        "en",
        "Data science",
        (
            "Asking questions of data: Population, Sample, Variable",
            "Describing data: Mean, Median, Standard deviation",
            "Seeing data: Histogram, Scatter plot, Box plot",
            "Chance: Probability, Independence, Expected value",
            "From sample to population: Confidence interval, Sampling error, Margin of error",
            "Testing ideas: Null hypothesis, P-value, Statistical power",
            "Relations: Correlation, Linear regression, Confounding",
            "Telling the story: Chart choice, Data ethics, Reproducibility",
        ),
    ),
    Subject(
        "NorthCollege",
        "PROG110",
        "Programming Fundamentals with Python",
        "en",
        "Computer science",
        (
            "First programs: Expression, Assignment, Function call",
            "Decisions: Boolean value, Comparison, Branch",
            "Repetition: While loop, For loop, Range",
            "Collections: List, Dictionary, Tuple",
            "Functions: Parameter, Return value, Scope",
            "Files and errors: Exception, Context manager, Encoding",
            "Objects: Class, Method, Inheritance",
            "Testing: Unit test, Assertion, Test coverage",
        ),
    ),
    Subject(
        "UniVega",
        "ECON120",
        "Economía cotidiana",
        "es",
        "Economics",
        (
            "Elegir con recursos escasos: Escasez, Costo de oportunidad, Incentivo",
            "Oferta y demanda: Precio de equilibrio, Elasticidad, Excedente",
            "El presupuesto del hogar: Ingreso, Gasto fijo, Ahorro",
            "Crédito y deuda: Tasa de interés, Plazo, Amortización",
            "El empleo: Salario real, Desempleo, Productividad",
            "Dinero y precios: Inflación, Poder adquisitivo, Banco central",
            "Impuestos y servicios: Impuesto progresivo, Bien público, Subsidio",
            "El mundo: Comercio exterior, Tipo de cambio, Ventaja comparativa",
        ),
    ),
    Subject(
        "AcmeU",
        "BIO105",
        "Biology of Everyday Life",
        "en",
        "Life sciences",
        (
            "What is alive: Cell, Metabolism, Homeostasis",
            "Food and energy: Enzyme, Respiration, Photosynthesis",
            "Inheritance: Gene, Allele, Mutation",
            "Microbes: Bacterium, Virus, Antibiotic resistance",
            "The body at work: Hormone, Nerve impulse, Immune response",
            "Evolution: Natural selection, Adaptation, Speciation",
            "Ecosystems: Food web, Niche, Nutrient cycle",
        ),
    ),
    Subject(
        "OpenHealth",
        "PH201",
        "Public Health Essentials",
        "en",
        "Health",
        (
            "Health of populations: Incidence, Prevalence, Risk factor",
            "Outbreaks: Transmission, Incubation period, Contact tracing",
            "Prevention: Vaccination, Screening, Health promotion",
            "Environment: Exposure, Air quality, Safe water",
            "Health systems: Coverage, Access, Primary care",
            "Fair health: Social determinant, Equity, Participation",
        ),
    ),
    Subject(
        "NorthCollege",
        "WRIT100",
        "Academic Writing",
        "en",
        "Humanities",
        (
            "Reading to write: Thesis, Audience, Genre",
            "Building an argument: Claim, Evidence, Counterargument",
            "Paragraphs: Topic sentence, Cohesion, Transition",
            "Sources: Citation, Paraphrase, Plagiarism",
            "Revising: Feedback, Clarity, Concision",
        ),
    ),
    Subject(
        "OpenHealth",
        "CLIM150",
        "Climate Change and Society",
        "en",
        "Environment",
        (
            "The climate system: Greenhouse effect, Albedo, Carbon cycle",
            "Evidence: Ice core, Temperature record, Attribution",
            "Impacts: Sea level rise, Heat wave, Drought",
            "Mitigation: Renewable energy, Carbon price, Efficiency",
            "Adaptation: Resilience, Early warning, Insurance",
            "Decisions: Scenario, Negotiation, Just transition",
        ),
    ),
    Subject(
        "UniVega",
        "PM130",
        "Project Management Basics",
        "en",
        "Business",
        (
            "Projects: Scope, Stakeholder, Charter",
            "Planning: Milestone, Critical path, Estimate",
            "People: Team role, Delegation, Feedback loop",
            "Risk: Likelihood, Contingency, Risk register",
            "Delivery: Iteration, Status report, Retrospective",
        ),
    ),
)

TAG_ROOTS = {
    "Data science": "Technology",
    "Computer science": "Technology",
    "Economics": "Society",
    "Humanities": "Society",
    "Business": "Society",
    "Environment": "Science",
    "Life sciences": "Science",
    "Health": "Science",
}

SKILLS = ("Critical thinking", "Quantitative reasoning", "Communication", "Problem solving")
LEVELS = ("Introductory", "Intermediate", "Advanced")
